// What the compiler does not see: promises that nobody waits for, conditions that are always true, comparisons by ==.
import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["dist", "out", "node_modules", "**/*.mjs", "**/*.mts", "src/events.gen.ts", "e2e/fixtures"]),
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      // A number in a text is what a text is for.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // `return void act()` says in one line that nobody waits for it.
      "@typescript-eslint/no-meaningless-void-operator": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
      // VS Code's disposables are made by several classes; what counts is their method.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
    },
  },
  {
    files: ["test/**", "e2e/**", "**/*.test.ts"],
    // What is not there makes a test fail, as it should.
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
);
