/** The script of the compare view's webview. */
import "./panel.css";
import { mountCompare } from "./compare_panel";
import { start } from "./entry";

start(mountCompare);
