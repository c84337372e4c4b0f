import react from "@vitejs/plugin-react";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  plugins: [react()],
  build: {
    // `light-dark()` must reach the browser as written, so that one sheet serves both themes.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The hub's content security policy admits files of its own, no data: addresses and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Everything comes from the machine itself or from beside it, once, and is cached for ever.
    chunkSizeWarningLimit: 700,
  },
  // The module finds its .wasm beside itself; pre-bundling would move one and leave the other.
  optimizeDeps: { exclude: ["@choo/wire"] },
  server: {
    // `npm run dev` shows what the hub at CHOO_HUB serves. The hub checks Host, so that becomes its own.
    proxy: {
      "/api": {
        target: loadEnv(mode, ".", "CHOO_")["CHOO_HUB"] ?? "http://127.0.0.1:8080",
        changeOrigin: true,
      },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    // Node loads the package itself: only there does its module lie beside it as a file.
    server: { deps: { external: [/\/wasm\/js\//] } },
  },
}));
