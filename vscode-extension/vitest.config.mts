import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // There is no such package: VS Code gives its API to extensions that it runs.
  resolve: { alias: { vscode: fileURLToPath(new URL("test/stand_ins/vscode.ts", import.meta.url)) } },
  test: { include: ["test/**/*.test.ts", "src/**/*.test.ts"] },
});
