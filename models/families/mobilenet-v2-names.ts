/** Names of MobileNetV2's tensors by transformers, timm and torchvision. */

/** Blocks in each of timm's stages; the first stage's is the stem here. */
const REPEATS = [1, 2, 3, 4, 3, 3, 1];

const PARTS = ['expand_1x1', 'conv_3x3', 'reduce_1x1'];

/** Our name of a file's tensor, as a list of one; empty where training has no use for it. A name of nobody's stays as it is. */
export function mobileNetV2Name(name: string): readonly string[] {
  const plain = name.replace(/^mobilenet_v2\./, '');
  if (plain.endsWith('.num_batches_tracked') || /^(?:classifier|head|segmentation_head)\./.test(plain)) return [];
  return [fromTimm(plain) ?? fromTorchvision(plain) ?? plain];
}

function fromTimm(name: string): string | null {
  const outer = /^(?:(conv_stem|conv_head)|(bn1|bn2))\.(weight|bias|running_mean|running_var)$/.exec(name);
  if (outer !== null) {
    const [, convolution, norm, tensor] = outer;
    const where = (convolution ?? norm) === 'conv_stem' || norm === 'bn1' ? 'conv_stem.first_conv' : 'conv_1x1';
    return `${where}.${convolution !== undefined ? 'convolution' : 'normalization'}.${tensor}`;
  }
  const inner = /^blocks\.(\d+)\.(\d+)\.(?:conv_(pwl|pw|dw)|bn([123]))\.(\w+)$/.exec(name);
  if (inner === null) return null;
  const [, stage, index, convolution, norm, tensor] = inner as unknown as [
    string,
    string,
    string,
    string?,
    string?,
    string?,
  ];
  const first = stage === '0'; // depthwise and reduction alone
  const parts = first ? PARTS.slice(1) : PARTS;
  const at = norm !== undefined ? Number(norm) - 1 : (first ? ['dw', 'pw'] : ['pw', 'dw', 'pwl']).indexOf(convolution!);
  const where = first ? 'conv_stem' : `layer.${offset(Number(stage)) + Number(index)}`;
  return `${where}.${parts[at]}.${norm !== undefined ? 'normalization' : 'convolution'}.${tensor}`;
}

const offset = (stage: number): number => REPEATS.slice(1, stage).reduce((sum, count) => sum + count, 0);

function fromTorchvision(name: string): string | null {
  const found = /^features\.(\d+)\.(?:conv\.)?(\d)(?:\.([01]))?\.(\w+)$/.exec(name);
  if (found === null) return null;
  const [, features, outer, inner, tensor] = found as unknown as [string, string, string, string?, string?];
  const at = Number(features);
  if (at === 0 || at === 18) {
    return `${at === 0 ? 'conv_stem.first_conv' : 'conv_1x1'}.${outer === '0' ? 'convolution' : 'normalization'}.${tensor}`;
  }
  const parts = at === 1 ? PARTS.slice(1) : PARTS;
  // Activated ones lie in a module of their own (0.0, 0.1); the reduction lies bare: its convolution, then its norm.
  const part = inner !== undefined ? Number(outer) : parts.length - 1;
  const isNorm = inner !== undefined ? inner === '1' : Number(outer) === parts.length;
  const where = at === 1 ? 'conv_stem' : `layer.${at - 2}`;
  return `${where}.${parts[part]}.${isNorm ? 'normalization' : 'convolution'}.${tensor}`;
}
