import { fileURLToPath } from "node:url";

const SITE = "http://wire.test";
const PLACES = {
  wire: new URL("../../../wasm/js/", import.meta.url),
  judge: new URL("../../wire/", import.meta.url),
};

/**
 * Shows an empty page of a site that has the built package as files, without a bundler.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<{ wire: string, judge: string }>} the addresses of the package and of what judges it
 */
export async function servePackage(page) {
  await page.route(`${SITE}/**`, (route) => {
    const [, place, ...path] = new URL(route.request().url()).pathname.split("/");
    if (place === "wire" || place === "judge") return route.fulfill({ path: fileURLToPath(new URL(path.join("/"), PLACES[place])) });
    return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>@choo/wire</title>" });
  });
  await page.goto(`${SITE}/`);
  return { wire: `${SITE}/wire/dist/index.js`, judge: `${SITE}/judge/judge.mjs` };
}
