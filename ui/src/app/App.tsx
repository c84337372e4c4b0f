import { FeedProvider, useConnectionStatus } from "../connection/FeedProvider";
import { useToken } from "../connection/useToken";
import { RunPage } from "../run/RunPage";
import { RunList } from "../runs/RunList";
import { Denied } from "./Denied";
import { Header } from "./Header";
import { useRoute } from "./route";
import "./app.css";

/** The whole page: which run it is about stands in the address, what it shows comes from one connection. */
export function App() {
  const { run } = useRoute();
  const token = useToken();
  return (
    <FeedProvider run={run} token={token}>
      <Page run={run} token={token} />
    </FeedProvider>
  );
}

function Page({ run, token }: { readonly run: string | undefined; readonly token: string | undefined }) {
  const status = useConnectionStatus();
  const denied = status.state === "denied";
  return (
    <div className="app" data-page={run === undefined ? "runs" : "run"}>
      <a className="skip" href="#content">Skip to content</a>
      <Header run={run} connected={!denied} />
      <div id="content" className="content" tabIndex={-1}>
        {denied ? <Denied hadToken={token !== undefined} reason={status.error} /> : run === undefined ? <RunList /> : <RunPage key={run} run={run} />}
      </div>
    </div>
  );
}
