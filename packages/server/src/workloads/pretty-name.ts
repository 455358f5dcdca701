import { createHash } from 'node:crypto';

const adjectives =
  'Amber Bold Brisk Calm Clear Deep Early Fair Fleet Glad Keen Kind Late Light Loud Lucid Merry Mild Neat Noble Pale Plain Proud Quick Quiet Rapid Ripe Sharp Shy Swift Tidy Warm'.split(
    ' ',
  );
const creatures =
  'badger beaver bison crane curlew dormouse eagle egret falcon ferret finch fox gecko gull hare heron ibex jackdaw kestrel lark lynx marten mole newt otter owl pika plover raven robin seal stoat swan tern toad vole wren'.split(
    ' ',
  );

/** A friendly name for an instance, always the same for its id: `Quiet heron`. */
export function prettyName(instanceId: string): string {
  const [a = 0, b = 0] = createHash('sha256').update(instanceId).digest();
  return `${adjectives[a % adjectives.length]} ${creatures[b % creatures.length]}`;
}
