import { tagNameCharactersMax, tagsCharactersMax, tagsMax, tagValueCharactersMax } from "./limits.ts";
import { ParameterInvalid } from "./parameter.ts";

const header = "x-flyball-tags";
const tagName = new RegExp(`^[A-Za-z][A-Za-z0-9_.-]{0,${tagNameCharactersMax - 1}}$`);
const tagValue = new RegExp(`^[^\\p{Cc}]{1,${tagValueCharactersMax}}$`, "u");

/** `tenant=a,feature=b`: whom a call is counted to. */
export function tagsOf(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined || text.trim() === "") return {};
  if (text.length > tagsCharactersMax)
    throw new ParameterInvalid(header, `${header} may have ${tagsCharactersMax} characters.`);
  const tags = new Map<string, string>();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const [name, value] = [part.slice(0, Math.max(0, equals)).trim(), part.slice(equals + 1).trim()];
    if (!tagName.test(name) || !tagValue.test(value))
      throw new ParameterInvalid(
        header,
        `${header}: expected names and values such as tenant=acme,feature=search, not ${JSON.stringify(part.trim())}.`,
      );
    if (tags.has(name)) throw new ParameterInvalid(header, `${header} gives ${name} twice.`);
    tags.set(name, value);
  }
  if (tags.size > tagsMax) throw new ParameterInvalid(header, `${header} may give ${tagsMax} tags.`);
  return Object.fromEntries(tags);
}
