/** `npm run pictures FOLDER [PART OF A NAME]`: see `pictures.ts`. */
import { takePictures } from "./pictures";

const [folder, only = ""] = process.argv.slice(2);
if (folder === undefined) throw new Error("Name a folder for the pictures.");
for (const file of await takePictures(folder, new RegExp(only))) console.log(file);
