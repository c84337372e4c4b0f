interface Props {
  readonly error: unknown;
  /** What a person can do about it, if that is known. */
  readonly hint?: string;
}

/** What stands here when the page itself failed: nothing else on it could be trusted. */
export function Broken({ error, hint = "That is a mistake in the page; the run goes on without it." }: Props) {
  return (
    <main className="page denied" role="alert" data-testid="broken">
      <h1>This page failed</h1>
      <p>{hint}</p>
      <pre className="error-text">{error instanceof Error ? error.message : String(error)}</pre>
      <p><button type="button" className="button" onClick={() => location.reload()}>Load again</button></p>
    </main>
  );
}
