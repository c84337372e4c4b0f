import { useSyncExternalStore } from "react";
import { subscribeToken, token } from "./token";

/** The token in use; renders again when another one is saved. */
export function useToken(): string | undefined {
  return useSyncExternalStore(subscribeToken, token);
}
