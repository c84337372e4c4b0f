/** What the front page says before the first run: how to start one. */
export function EmptyRuns() {
  return (
    <section className="empty">
      <h2>No runs yet</h2>
      <p>Start one in a terminal on this machine. It shows up here by itself.</p>
      <pre><code>choo run --web PLAN</code></pre>
      <p className="quiet">
        <code>PLAN</code> is a TOML file or a directory of specs. Events from other programs come in with <code>choo push</code>.
      </p>
    </section>
  );
}
