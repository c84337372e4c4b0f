// Provisional, until schema/ is there for `npm run generate` to make this file from.
export type RunStatus = "waiting" | "running" | "paused" | "completed" | "failed" | "cancelled" | "stale";
export type UnitStatus =
  | "pending"
  | "ready"
  | "in_progress"
  | "in_review"
  | "complete"
  | "failed"
  | "blocked"
  | "skipped"
  | "cancelled";
export type TaskStatus = "pending" | "running" | "validating" | "retrying" | "completed" | "failed";
export type LogStream = "stdout" | "stderr" | "system" | "error";
export interface WireEvent {
  type: string;
  time?: string;
  unit?: string;
  task?: number;
  pr?: number;
  payload?: unknown;
  error?: string;
  run?: string;
  seq?: number;
  [key: string]: unknown;
}
export interface HubHello {
  proto: number;
  epoch: string;
  recovered: boolean;
}
export interface HubGap {
  from: string;
  to: string;
  count?: number;
  why: string;
}
export interface HubEnd {
  run: string;
  status: RunStatus;
}
export interface HubBye {
  code: string;
  retry_ms: number;
}
export interface SeqRange {
  from: number;
  to: number;
}
export interface LostRange {
  from: number;
  to: number;
  count: number;
  bytes: number;
  reason: string;
}
export interface Loss {
  count: number;
  bytes: number;
  ranges: LostRange[];
}
export interface TaskState {
  name?: string;
  status: TaskStatus;
  attempt: number;
  started?: string;
  ended?: string;
  error?: string;
}
export interface UnitState {
  order: number;
  level: number;
  label?: string;
  status: UnitStatus;
  total_tasks?: number;
  completed_tasks: number;
  current_task: number;
  started?: string;
  ended?: string;
  error?: string;
  depends_on?: string[];
  tasks?: Record<string, TaskState>;
}
export interface PrState {
  unit?: string;
  status: string;
  url?: string;
  title?: string;
  branch?: string;
  error?: string;
  updated?: string;
}
export interface RunState {
  run: string;
  status: RunStatus;
  started?: string;
  ended?: string;
  unit_count?: number;
  parallelism?: number;
  error?: string;
  seq: number;
  units?: Record<string, UnitState>;
  prs?: Record<string, PrState>;
  loss?: Loss;
  summaries?: SeqRange[];
  misshapen?: number;
}
export interface UnitCounts {
  pending: number;
  ready: number;
  in_progress: number;
  in_review: number;
  complete: number;
  failed: number;
  blocked: number;
  skipped: number;
  cancelled: number;
}
export interface RunSummary {
  run: string;
  status: RunStatus;
  started?: string;
  ended?: string;
  units: number;
  counts: UnitCounts;
  seq: number;
  loss: Loss;
  summarized: boolean;
}
export interface UnitChanges {
  run: string;
  ids: string[];
}
export interface StoreChanges {
  runs: string[];
  units: UnitChanges[];
  all: string[];
  events: number;
  gaps: number;
  missing?: HubGap[];
  errors: number;
  cursor?: string;
  hello?: HubHello;
  ended: HubEnd[];
  bye?: HubBye;
}
export interface StoreFault {
  kind: string;
  message: string;
}
export interface Point {
  x: number;
  y: number;
}
export interface PlacedNode {
  id: string;
  level: number;
  x: number;
  y: number;
}
export interface RoutedEdge {
  from: string;
  to: string;
  points: Point[];
}
export interface GraphLayout {
  width: number;
  height: number;
  node_width: number;
  node_height: number;
  nodes: PlacedNode[];
  edges: RoutedEdge[];
}
export interface EventFilter {
  types?: string[];
  units?: string[];
  q?: string;
}
export interface LogLine {
  unit: string;
  task?: number;
  stream: LogStream;
  content: string;
  n: number;
  time?: string;
}
