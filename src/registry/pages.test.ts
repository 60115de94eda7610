import { expect, test } from "bun:test";
import { everyItem } from "./pages.ts";

const numbers = (after = 0) => Promise.resolve({ items: [after + 1, after + 2], more: after < 8 });
const itself = (number: number) => number;

test("every item of every page comes, once, in order, from where it is asked for", async () => {
  expect(await Array.fromAsync(everyItem(numbers, itself))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(await Array.fromAsync(everyItem(numbers, itself, 6))).toEqual([7, 8, 9, 10]);
  expect(await Array.fromAsync(everyItem(async () => ({ items: [], more: true }), itself))).toEqual([]);
});

test("others have their turn between two pages, though each is there at once", async () => {
  const order: string[] = [];
  const other = () => {
    order.push("other");
    if (order.length < 20) setImmediate(other);
  };
  setImmediate(other);
  for await (const number of everyItem(numbers, itself)) order.push(`${number}`);
  expect(order.indexOf("other")).toBe(2);
  expect(order.slice(0, order.indexOf("10")).filter((each) => each === "other")).toHaveLength(4);
});
