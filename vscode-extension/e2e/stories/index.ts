/** All stories, in the order in which they are played. */
import type { Story } from "../harness/story.ts";
import { beginning } from "./beginning.ts";
import { colours, contrast, light } from "./colours.ts";
import { kernels } from "./kernels.ts";
import { missing } from "./missing.ts";
import { notebook, words } from "./notebook.ts";
import { reload } from "./reload.ts";
import { training } from "./training.ts";
import { trust } from "./trust.ts";
import { typing } from "./typing.ts";

export const stories: Story[] = [
  beginning,
  typing,
  training,
  reload,
  kernels,
  colours,
  light,
  contrast,
  notebook,
  words,
  missing,
  trust,
];
