import { load } from "@choo/wire";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { Broken } from "./app/Broken";
import { ErrorBoundary } from "./app/ErrorBoundary";
import { takeTokenFromAddress } from "./connection/token";
import { applyTheme, storedTheme } from "./theme/theme";
import "./theme/index.css";

applyTheme(storedTheme());
takeTokenFromAddress();

const container = document.getElementById("root");
if (container === null) throw new Error("index.html has no element #root");
const root = createRoot(container);

load().then(
  () => root.render(<StrictMode><ErrorBoundary><App /></ErrorBoundary></StrictMode>),
  (error: unknown) => root.render(<Broken error={error} hint="Its WebAssembly module did not load. A current browser with WebAssembly switched on is needed." />),
);
