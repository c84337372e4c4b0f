import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Neighbours } from "./Neighbours";

/** What a unit is to the one under the pointer. */
export type Role = "self" | "dependency" | "dependant";

/** What a node knows about the reader's attention. */
export interface NodeFocus {
  readonly role: Role | undefined;
  /** Its panel is open. */
  readonly selected: boolean;
  /** The one node that the Tab key reaches. */
  readonly active: boolean;
}

/**
 * Which unit is pointed at, chosen, and reached by Tab. Outside React's state, since pointing at one of a thousand nodes
 * must not render the others: each node subscribes and renders when its own answer changes.
 */
export class GraphFocus {
  #roles: ReadonlyMap<string, Role> = new Map();
  #selected: string | undefined;
  #active: string | undefined;
  readonly #listeners = new Set<() => void>();

  /** Points at a unit (or at none): its dependencies and dependants, near and far, get their roles. */
  point(id: string | undefined, neighbours: Neighbours): void {
    const roles = new Map<string, Role>();
    if (id !== undefined) {
      for (const other of neighbours.allDependencies(id)) roles.set(other, "dependency");
      for (const other of neighbours.allDependants(id)) roles.set(other, "dependant");
      roles.set(id, "self");
    }
    if (roles.size === 0 && this.#roles.size === 0) return;
    this.#roles = roles;
    this.#tell();
  }

  select(id: string | undefined): void {
    if (this.#selected === id) return;
    this.#selected = id;
    if (id !== undefined) this.#active = id;
    this.#tell();
  }

  activate(id: string | undefined): void {
    if (this.#active === id) return;
    this.#active = id;
    this.#tell();
  }

  get roles(): ReadonlyMap<string, Role> {
    return this.#roles;
  }

  get active(): string | undefined {
    return this.#active;
  }

  /** A node's part as one word, so that `useSyncExternalStore` compares by value. */
  key(id: string): string {
    return `${this.#roles.get(id) ?? ""}/${this.#selected === id ? 1 : 0}/${this.#active === id ? 1 : 0}`;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  of(id: string): NodeFocus {
    return { role: this.#roles.get(id), selected: this.#selected === id, active: this.#active === id };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What nodes need from the graph around them. */
export interface GraphContext {
  readonly focus: GraphFocus;
  readonly neighbours: Neighbours;
  readonly select: (id: string) => void;
}

export const GraphContext = createContext<GraphContext | undefined>(undefined);

export function useGraph(): GraphContext {
  const graph = useContext(GraphContext);
  if (graph === undefined) throw new Error("a node stands outside the graph");
  return graph;
}

/** A node's part of the attention; renders again only when that changes. */
export function useNodeFocus(id: string): NodeFocus {
  const { focus } = useGraph();
  useSyncExternalStore(focus.subscribe, useCallback(() => focus.key(id), [focus, id]));
  return focus.of(id);
}

/** The roles of all units while one is pointed at. */
export function useRoles(): ReadonlyMap<string, Role> {
  const { focus } = useGraph();
  return useSyncExternalStore(focus.subscribe, () => focus.roles);
}
