/** A stylesheet: its text in the notebook's module, and a file of its own for the editor. */
declare module "*.css" {
  const text: string;
  export default text;
}
