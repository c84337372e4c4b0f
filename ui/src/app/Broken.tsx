/** What stands here when the wasm module cannot be loaded: nothing else on the page could be right. */
export function Broken({ error }: { readonly error: unknown }) {
  return (
    <main className="page denied" role="alert">
      <h1>This page could not start</h1>
      <p>Its WebAssembly module did not load. A current browser with WebAssembly switched on is needed.</p>
      <pre className="error-text">{error instanceof Error ? error.message : String(error)}</pre>
      <p><button type="button" className="button" onClick={() => location.reload()}>Load again</button></p>
    </main>
  );
}
