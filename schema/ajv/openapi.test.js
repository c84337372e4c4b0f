// The document of the HTTP API, as a validator that is not ours sees it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";

const read = (file) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), "utf8"));

/** The schemas that a document refers to. */
const files = (document) => new Set(JSON.stringify(document).match(/(?<="\$ref":")(read|write)\/[^"#]+/g));

async function validate(document) {
  const validator = new Validator();
  for (const file of files(document)) {
    await validator.addSpecRef(read(file), file);
  }
  return validator.validate(document);
}

test("openapi.json is an OpenAPI 3.1 document", async () => {
  assert.deepEqual(await validate(read("openapi.json")), { valid: true });
});

test("what is no such document is refused", async () => {
  const wrong = read("openapi.json");
  wrong.paths["/api/v1/runs"].get.responses = "none";
  assert.equal((await validate(wrong)).valid, false);
  const dangling = read("openapi.json");
  dangling.components.schemas.RunPage.properties.runs.items.$ref = "#/components/schemas/Nothing";
  assert.equal((await validate(dangling)).valid, false);
});
