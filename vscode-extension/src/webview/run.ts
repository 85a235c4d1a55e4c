/** The script of the run panel's webview. */
import "./panel.css";
import { start } from "./entry";
import { mountRun } from "./run_panel";

start(mountRun);
