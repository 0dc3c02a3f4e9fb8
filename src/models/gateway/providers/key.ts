import { modelName, type RemoteContent } from "../content.ts";
import { ModelSecretUnusable } from "../errors.ts";

/** The value of the provider's key at this moment; undefined where the settings name none. */
export function keyOf(
  content: RemoteContent,
  secrets: (name: string) => string | undefined,
): string | undefined {
  const { keySecret } = content;
  if (keySecret === undefined) return undefined;
  const value = namesOf(keySecret)
    .map((name) => secrets(name)?.trim())
    .find(Boolean);
  if (!value)
    throw new ModelSecretUnusable(
      modelName(content),
      keySecret,
      "is not set (environment FLYBALL_SECRET_… or its plain name)",
    );
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new ModelSecretUnusable(
      modelName(content),
      keySecret,
      "holds characters that cannot stand in a header",
    );
  return value;
}

/** Google's own tools know its key under two names. */
function namesOf(keySecret: string): readonly string[] {
  return keySecret === "GOOGLE_API_KEY" ? [keySecret, "GOOGLE_GENERATIVE_AI_API_KEY"] : [keySecret];
}
