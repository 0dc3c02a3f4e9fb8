import { chooseSetting, SettingInvalid } from "../project/index.ts";

export const defaultPort = 4590;

/** `--port`, `FLYBALL_PORT`, `server.port` of flyball.yaml, or the default; 0 takes any that is free. */
export function portOf(flag: string | undefined, filePort: number | undefined): number {
  const setting = chooseSetting("port", {
    flag,
    ...(filePort === undefined ? {} : { file: String(filePort) }),
    fallback: String(defaultPort),
  });
  const port = Number(setting.value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SettingInvalid(setting.from, setting.value, "a port from 0 to 65535");
  return port;
}
