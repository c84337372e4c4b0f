/**
 * How a connection stands.
 *
 * - `connecting`: nothing has gone wrong, the hub is being asked
 * - `live`: bytes come
 * - `slow`: connected, but not even the hub's keep-alive came in time
 * - `reconnecting`: the connection broke; attempts go on
 * - `offline`: the same while the browser says that there is no network (attempts go on, for the hub may be on this
 *   machine); or no more attempts are made, and there is no `retryAt`; or paused
 * - `ended`: the run that was asked for is over, or `close()` was called; nothing more will come
 * - `denied`: the hub refused the token, the address or the query; `retryNow()` asks again
 */
export type ConnectionState = "connecting" | "live" | "slow" | "reconnecting" | "offline" | "ended" | "denied";

export interface ConnectionStatus {
  readonly state: ConnectionState;
  /** How many attempts failed in a row since the connection was last healthy; 0 while connected. */
  readonly attempt: number;
  /** When the next attempt is made, in Unix milliseconds; absent if none is planned. */
  readonly retryAt?: number;
  /** What went wrong last, for people. */
  readonly error?: string;
  /** Whether it rests, by `pause()` or in a hidden tab. */
  readonly paused?: true;
}
