/** A choice of event types. */
export interface Family {
  readonly id: string;
  readonly label: string;
  /** Globs on the type; empty for every type. */
  readonly types: readonly string[];
}

/** What the event log can be narrowed to. The first is shown at first: output has a view of its own. */
export const FAMILIES: readonly [Family, ...Family[]] = [
  {
    id: "changes",
    label: "All but output",
    types: [
      "orch.*", "graph", "unit.*", "task.*", "pr.*", "worktree.*", "branch.*", "feature.*", "codereview.*", "prd.*",
      "cmd.*", "link.*", "hub.*", "x.*",
    ],
  },
  { id: "all", label: "Every event", types: [] },
  { id: "run", label: "Run", types: ["orch.*", "graph"] },
  { id: "unit", label: "Units", types: ["unit.*"] },
  { id: "task", label: "Tasks", types: ["task.*"] },
  { id: "pr", label: "Pull requests", types: ["pr.*", "branch.*", "codereview.*"] },
  { id: "trouble", label: "Failures", types: ["*.failed", "*.fail", "*.blocked", "*.retry", "*.conflict"] },
  { id: "output", label: "Output", types: ["log.*", "diff.*"] },
  { id: "link", label: "Losses and gaps", types: ["link.*", "hub.*"] },
];
