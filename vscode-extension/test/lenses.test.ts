/** Lenses whose commands outlive them. */
import { expect, test } from "vitest";
import * as vscode from "vscode";
import { LastingLenses } from "../src/server/lenses";

const lens = (command: string, ...given: unknown[]): vscode.CodeLens =>
  ({ command: { title: "Train", command, ...(given.length === 0 ? {} : { arguments: given }) } }) as vscode.CodeLens;

test("a lens has a command without arguments that does the same, also when the lens is gone; the same for the same", async () => {
  const did: unknown[][] = [];
  const command = vscode.commands.registerCommand("t.train", (...given: unknown[]) => void did.push(given));
  const lenses = new LastingLenses();
  const [one, again, other] = [
    lenses.lasting(lens("t.train", "file:///a", { again: true })),
    lenses.lasting(lens("t.train", "file:///a", { again: true })),
    lenses.lasting(lens("t.train", "file:///b")),
  ];
  expect(one.command).toEqual({ title: "Train", command: again.command?.command });
  for (const each of [again, other]) await vscode.commands.executeCommand(each.command!.command);
  expect(did).toEqual([["file:///a", { again: true }], ["file:///b"]]);
  lenses.dispose();
  await vscode.commands.executeCommand(one.command!.command);
  expect(did).toHaveLength(2);
  command.dispose();
});

test("a lens without arguments, and one that is not resolved yet, stay as they are", () => {
  const lenses = new LastingLenses();
  expect(lenses.lasting(lens("t.show")).command).toEqual({ title: "Train", command: "t.show" });
  expect(lenses.lasting({} as vscode.CodeLens)).toEqual({});
});
