// Writes src/types.gen.ts from the JSON Schema files of the repository, which are made from the Rust
// types. With --check nothing is written, and a difference is an error.

import { readFile, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { compile } from "json-schema-to-typescript";

const SCHEMAS = new URL("../../../schema/", import.meta.url);
const OUT = new URL("../src/types.gen.ts", import.meta.url);
const BANNER = "// Generated from schema/*.schema.json by `npm run generate`; do not edit.\n\n";

const [event, state, store] = await Promise.all(
  ["event", "state", "store"].map(async (name) =>
    JSON.parse(await readFile(new URL(`${name}.schema.json`, SCHEMAS), "utf8")),
  ),
);

const text = BANNER + (await types()) + payloads(event["x-payloads"]);

if (process.argv.includes("--check")) {
  const written = await readFile(OUT, "utf8").catch(() => "");
  if (written !== text) {
    console.error("error: wasm/js/src/types.gen.ts does not follow from schema/*.schema.json");
    console.error("hint: run `cargo xtask schema` and commit the file with what caused the change");
    process.exit(1);
  }
} else {
  await writeFile(OUT, text);
}

/** An interface for each definition, and for the event itself. */
async function types() {
  const definitions = {};
  for (const schema of [event, state, store]) {
    for (const [name, definition] of Object.entries(schema.$defs)) {
      const known = definitions[name];
      if (known !== undefined && !isDeepStrictEqual(known, definition)) {
        throw new Error(`two schemas differ on what ${name} is`);
      }
      definitions[name] = definition;
    }
  }
  definitions.WireEvent = {
    description: "One event, as a line of the wire carries it. See Payloads for what known types carry.",
    type: "object",
    properties: event.properties,
    required: event.required,
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
function property(schema, required) {
  const member = schema === true ? {} : clean(schema, required);
  const isOpen = Object.keys(member).every((key) => key === "description");
  return isOpen ? { ...member, tsType: "unknown" } : member;
}

/** The definitions as this package promises them. */
function clean(value, required = true) {
  if (Array.isArray(value)) return value.map((item) => clean(item));
  if (typeof value !== "object" || value === null) return value;
  const copy = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === "properties") {
      const always = new Set(value.required ?? []);
      copy.properties = Object.fromEntries(
        Object.entries(inner).map(([name, schema]) => [name, property(schema, always.has(name))]),
      );
    } else if (key === "description") {
      copy.description = prose(inner);
    } else if (key === "$ref") {
      // By name: a reference with a description beside it would be written out in place.
      copy.tsType = inner.replace("#/$defs/", "");
    } else if (key !== "default") {
      copy[key] = clean(inner);
    }
  }
  // What may be absent is absent rather than null: that is how it is written.
  if (!required) {
    if (Array.isArray(copy.type)) copy.type = copy.type.filter((type) => type !== "null");
    if (Array.isArray(copy.type) && copy.type.length === 1) copy.type = copy.type[0];
    if (copy.anyOf) {
      const rest = copy.anyOf.filter((schema) => schema.type !== "null");
      delete copy.anyOf;
      Object.assign(copy, rest.length === 1 ? rest[0] : { anyOf: rest });
    }
  }
  return copy;
}

/** A doc comment without its Rust example and without links into Rust. */
function prose(text) {
  return text
    .replace(/\n*```[\s\S]*?```/g, "")
    .replace(/\[(`[^`]+`)\](\([^)]*\))?/g, "$1")
    .trim();
}

/** The payload types by event type. */
function payloads(table) {
  const rows = Object.entries(table).map(([type, name]) => `  "${type}": ${name};`);
  return `
/**
 * What the events of each known type carry. A producer can write another payload all the same: it is admitted as it
 * is, and the states' \`misshapen\` counts it.
 */
export interface Payloads {
${rows.join("\n")}
}
`;
}
