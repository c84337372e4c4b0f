import { useState, type FormEvent } from "react";
import { parseToken, saveToken } from "../connection/token";

interface Props {
  readonly hadToken: boolean;
  /** What the hub said. */
  readonly reason: string | undefined;
}

/** What stands here when the hub refuses: where the token is found, and a place to paste it. */
export function Denied({ hadToken, reason }: Props) {
  const [pasted, setPasted] = useState("");
  const [unreadable, setUnreadable] = useState(false);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const found = parseToken(pasted);
    setUnreadable(found === undefined);
    if (found !== undefined) saveToken(found);
  }

  return (
    <main className="page denied" data-testid="denied">
      <h1>{hadToken ? "The hub refused this token" : "This hub wants a token"}</h1>
      <p>
        Paste the URL that <code>choo web</code> printed when it started.
        {hadToken && " The token kept in this browser belongs to another hub, or the token file was replaced."}
      </p>
      <form onSubmit={submit}>
        <label htmlFor="token">URL or token</label>
        <div className="denied-row">
          <input
            id="token"
            className="input mono"
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
            placeholder="http://127.0.0.1:8080/#token=…"
            autoComplete="off"
            spellCheck={false}
            autoFocus
            aria-invalid={unreadable}
            aria-describedby={unreadable ? "token-error" : undefined}
          />
          <button type="submit" className="button primary">Open</button>
        </div>
        {unreadable && <p id="token-error" className="field-error" role="alert">There is no token in that. It stands behind “#token=”.</p>}
      </form>
      <p className="quiet">The token alone stands in the file <code>token</code> of the hub’s data directory.</p>
      {reason !== undefined && <details className="quiet"><summary>What the hub said</summary>{reason}</details>}
    </main>
  );
}
