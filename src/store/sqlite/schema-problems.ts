import { DatabaseSync } from "node:sqlite";
import { migrations } from "./schema.ts";

/**
 * Where the tables and indexes of a database are not those that the migrations make. SQLite's own check
 * takes the text of a schema as it is: a bit of it that flips can leave rows out of an index for good.
 */
export function schemaProblems(database: DatabaseSync): readonly string[] {
  const [found, made] = [definitions(database), definitionsMade()];
  const names = new Set([...made.keys(), ...found.keys()]);
  return [...names].filter((name) => found.get(name) !== made.get(name)).map(problemOf);
}

function problemOf(name: string): string {
  return `the definition of ${name} is not the one that it was made with`;
}

function definitionsMade(): ReadonlyMap<string, string> {
  const database = new DatabaseSync(":memory:");
  try {
    for (const migration of migrations) database.exec(migration);
    return definitions(database);
  } finally {
    database.close();
  }
}

function definitions(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema").all();
  return new Map(rows.map(({ type, name, tbl_name, sql }) => [String(name), `${type} ${tbl_name} ${sql}`]));
}
