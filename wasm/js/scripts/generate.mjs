// Writes src/types.gen.ts from the JSON Schema files of the repository, which are made from the Rust
// types. With --check nothing is written, and a difference is an error.

import { readFile, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { compile } from "json-schema-to-typescript";

const SCHEMAS = new URL("../../../schema/", import.meta.url);
const OUT = new URL("../src/types.gen.ts", import.meta.url);
const BANNER = "// Generated from schema/**/*.schema.json by `npm run generate`; do not edit.\n\n";

// The contract of writing: the module hands out what it has read as it would write it.
const [event, state, store] = await Promise.all(
  ["write/event", "write/state", "store"].map(async (name) =>
    JSON.parse(await readFile(new URL(`${name}.schema.json`, SCHEMAS), "utf8")),
  ),
);
const kinds = event.allOf.map((condition) => condition.if.properties.type.const);

const text = BANNER + (await types()) + payloads() + union();

if (process.argv.includes("--check")) {
  const written = await readFile(OUT, "utf8").catch(() => "");
  if (written !== text) {
    console.error("error: wasm/js/src/types.gen.ts does not follow from schema/**/*.schema.json");
    console.error("hint: run `cargo xtask schema` and commit the file with what caused the change");
    process.exit(1);
  }
} else {
  await writeFile(OUT, text);
}

/** An interface for each definition, and for the envelope. */
async function types() {
  const definitions = {};
  const roots = { RunState: state };
  for (const schema of [event, { $defs: roots }, state, store]) {
    for (const [name, definition] of Object.entries(schema.$defs)) {
      if (kinds.includes(name)) continue;
      const { $schema: _, $defs: __, title: ___, examples: ____, description, ...shape } = definition;
      const known = definitions[name];
      if (known === undefined) definitions[name] = { description, ...shape };
      else if (name !== "RunState" && !isDeepStrictEqual(known, { description, ...shape })) {
        throw new Error(`two schemas differ on what ${name} is`);
      }
    }
  }
  const { type: _, payload: __, ...members } = event.properties;
  definitions.Envelope = {
    description: "What an event of any type can say, beside its type and payload. Members that nobody knows are kept.",
    type: "object",
    properties: members,
    additionalProperties: true,
  };
  const root = { title: "Unused", type: "object", definitions: clean(definitions) };
  const code = await compile(root, "Unused", {
    additionalProperties: false,
    bannerComment: "",
    unreachableDefinitions: true,
    style: { singleQuote: false, printWidth: 120 },
  });
  return code
    .replace("export interface Unused {}\n", "")
    .replace(/(\n \*)?\n \* This interface was referenced by `Unused`'s JSON-Schema\n \* via the `definition` "\w+"\./g, "");
}

/** A member; one of which nothing is said but what it is for can be anything. */
function property(schema) {
  const member = schema === true ? {} : clean(schema);
  const isOpen = Object.keys(member).every((key) => key === "description");
  return isOpen ? { ...member, tsType: "unknown" } : member;
}

/** The definitions as json-schema-to-typescript understands them. */
function clean(value) {
  if (Array.isArray(value)) return value.map((item) => clean(item));
  if (typeof value !== "object" || value === null) return value;
  const copy = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === "properties") {
      copy.properties = Object.fromEntries(Object.entries(inner).map(([name, schema]) => [name, property(schema)]));
    } else if (key === "$ref") {
      // By name: a reference with a description beside it would be written out in place.
      copy.tsType = inner.replace("#/$defs/", "");
    } else if (key === "anyOf" && openNames(inner)) {
      // A bare `string` beside them would swallow the known names.
      copy.tsType = [...openNames(inner).map((name) => JSON.stringify(name)), "(string & {})"].join(" | ");
    } else if (key !== "examples") {
      copy[key] = clean(inner);
    }
  }
  return copy;
}

/** The known names of a set that may grow. */
function openNames(choices) {
  const [known, any, ...rest] = choices;
  const isOpen = rest.length === 0 && known.enum && isDeepStrictEqual(any, { type: "string" });
  return isOpen ? known.enum : undefined;
}

/** The payload types by event type. */
function payloads() {
  const rows = kinds.map((kind) => {
    const { description, properties } = event.$defs[kind];
    const reference = properties.payload?.$ref;
    const doc = description ? `  /** ${description.replace(/\n/g, " ")} */\n` : "";
    return `${doc}  "${kind}": ${reference ? reference.replace("#/$defs/", "") : "unknown"};`;
  });
  return `
/**
 * What the events of each known type carry. A producer can write another payload all the same: it is admitted as it
 * is, and the states' \`misshapen\` counts it.
 *
 * Types of your own can be added, and then \`WireEvent\` knows them too:
 *
 *     declare module "@choo/wire" {
 *       interface Payloads {
 *         "x.acme.deployed": { version: string };
 *       }
 *     }
 */
export interface Payloads {
${rows.join("\n")}
}
`;
}

/** The events, told apart by their type. */
function union() {
  return `
/** An event of one of the types in \`Payloads\`. */
export interface KnownEvent<Type extends keyof Payloads = keyof Payloads> extends Envelope {
  /** The event type, dotted. */
  type: Type;
  /** What else there is to say. */
  payload?: Payloads[Type];
}

/**
 * The type of an event that \`Payloads\` does not have: another program's, or one of a newer version.
 *
 * No literal is such a type, so that comparing with one tells the known events apart. The vendors' \`x.*\` can be
 * compared with all the same, as long as \`Payloads\` has none of them.
 */
export type UnknownType =
  | Undeclared
  | ([Extract<keyof Payloads, \`x.\${string}\`>] extends [never] ? \`x.\${string}\` : never);

/** A string of which nothing more is known. A mere \`string\` would swallow the literals beside it. */
declare enum Undeclared {
  // No event type has white space.
  type = "any other type",
}

/** An event of a type that is not in \`Payloads\`. */
export interface UnknownEvent extends Envelope {
  /** The event type, dotted. */
  type: UnknownType;
  /** What else there is to say: anything. */
  payload?: unknown;
}

/**
 * One event, as a line of the wire carries it: \`if (event.type === "log.stdout")\`, and the payload is known to be that
 * of a log line.
 */
export type WireEvent = { [Type in keyof Payloads]: KnownEvent<Type> }[keyof Payloads] | UnknownEvent;
`;
}
