/** The pictures of runs for a notebook: one module without imports, with its stylesheet as a text. */
import css from "./panel.css";

export { mountCompare } from "./compare_panel";
export { mountRun } from "./run_panel";
export { mountRuns } from "./runs_table";
export { css };
