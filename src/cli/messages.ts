/** A message of a prompt; of one whose words are not kept, their digest and length. */
export interface ShownMessage {
  readonly role: string;
  readonly content?:
    | string
    | readonly { readonly type: string; readonly text?: string; readonly url?: string }[];
  readonly digest?: string;
  readonly characters?: number;
}

/** Messages for a terminal: the role, then the words, indented; no control character of theirs reaches it. */
export function messagesText(messages: readonly ShownMessage[]): string {
  return messages.map((message) => `${message.role}\n${indented(wordsOf(message))}`).join("\n");
}

function wordsOf({ content, digest, characters }: ShownMessage): string {
  if (content === undefined) return `(not kept: ${characters} characters, SHA-256 ${digest})`;
  if (typeof content === "string") return content;
  return content.map(({ text, url }) => text ?? `[image ${url}]`).join("\n");
}

function indented(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => `  ${printable(line)}`.trimEnd())
    .join("\n");
}

function printable(line: string): string {
  return line.replaceAll("\t", "    ").replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
}
