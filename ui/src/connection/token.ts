/** Where the token is kept between visits. The key is per origin, so two hubs on two ports do not mix. */
const KEY = "choo.token";

type Listener = () => void;
const listeners = new Set<Listener>();
/** Holds the token when the browser refuses storage (private windows, blocked site data). */
let unsaved: string | undefined;

/** The token of this hub, if one is known. */
export function token(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? unsaved;
  } catch {
    return unsaved;
  }
}

/** Keeps `value` and tells everyone who subscribed. */
export function saveToken(value: string): void {
  unsaved = value;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // Kept in memory only: the page works until it is closed.
  }
  for (const listener of listeners) listener();
}

/** Calls `listener` whenever another token is saved; returns the way out. */
export function subscribeToken(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * The token in what a person pasted: the whole address that `choo web` printed, its fragment, or the bare token.
 * `undefined` if there is none in it.
 */
export function parseToken(pasted: string): string | undefined {
  const text = pasted.trim();
  const hash = text.indexOf("#");
  if (hash >= 0) return new URLSearchParams(text.slice(hash + 1)).get("token") || undefined;
  const named = /^token=(.+)$/.exec(text);
  if (named) return named[1];
  return /^[\w.~+/=-]+$/.test(text) && !text.includes("://") ? text : undefined;
}

/**
 * Moves a token from the address's fragment into storage, so that it is neither shared with a copied link nor left
 * in the history. A fragment pasted into an open page only fires `hashchange`, hence the listener.
 */
export function takeTokenFromAddress(): void {
  takeOnce();
  window.addEventListener("hashchange", takeOnce);
}

function takeOnce(): void {
  const found = location.hash.includes("token=") ? parseToken(location.hash) : undefined;
  if (found === undefined) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  saveToken(found);
}
