import { FlyballError } from "../../core/base/index.ts";

/** What a step gives a prompt is not what the prompt declares. */
export class PromptInputInvalid extends FlyballError {
  readonly code = "PROMPT_INPUT_INVALID";
  override readonly status = 422;
  readonly prompt: string;
  constructor(prompt: string, reason: string) {
    super(`The input of prompt ${JSON.stringify(prompt)} is wrong: ${reason}.`);
    this.prompt = prompt;
  }
}
