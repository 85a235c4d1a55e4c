/** The settings that travel to the language server: all of the section but those that only the editor reads. */

const EDITOR_ONLY = ["interpreter", "package", "trainOnSave", "trace"];

/** Return a section's value without what only the editor reads and without what VS Code puts on it. */
export function forServer(section: unknown): unknown {
  if (typeof section !== "object" || section === null) return section;
  return Object.fromEntries(Object.entries(section).filter(([name]) => !EDITOR_ONLY.includes(name)));
}
