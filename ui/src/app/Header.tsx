import { ConnectionState } from "../connection/ConnectionState";
import { ThemeToggle } from "../theme/ThemeToggle";
import { Link } from "./Link";

interface Props {
  readonly run: string | undefined;
  readonly connected: boolean;
}

/** The bar on top of every page. */
export function Header({ run, connected }: Props) {
  return (
    <header className="header">
      <nav className="crumbs" aria-label="Breadcrumb">
        <Link to={{}} className="brand" {...(run === undefined ? { "aria-current": "page" } : {})}>
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="7" />
            <path d="M8 16h5M19 10l-6 6 6 6" />
            <circle cx="8" cy="16" r="3.2" /><circle cx="22" cy="9.5" r="3.2" /><circle cx="22" cy="22.5" r="3.2" />
          </svg>
          choo
        </Link>
        {run !== undefined && (
          <>
            <span className="crumb-mark" aria-hidden="true">/</span>
            <Link to={{}}>Runs</Link>
          </>
        )}
      </nav>
      {connected && <ConnectionState />}
      <ThemeToggle />
    </header>
  );
}
