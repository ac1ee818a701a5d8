/** Names of ViT's tensors by transformers (files, and the modules of its version 5) and timm. */

const LAYER: readonly (readonly [theirs: string, ours: readonly string[]])[] = [
  ['attn.qkv', ['query', 'key', 'value'].map((part) => `attention.attention.${part}`)],
  ['attn.proj', ['attention.output.dense']],
  ['attention.q_proj', ['attention.attention.query']],
  ['attention.k_proj', ['attention.attention.key']],
  ['attention.v_proj', ['attention.attention.value']],
  ['attention.o_proj', ['attention.output.dense']],
  ['norm1', ['layernorm_before']],
  ['norm2', ['layernorm_after']],
  ['mlp.fc1', ['intermediate.dense']],
  ['mlp.fc2', ['output.dense']],
];

const OUTER: Readonly<Record<string, string>> = {
  cls_token: 'embeddings.cls_token',
  pos_embed: 'embeddings.position_embeddings',
  'patch_embed.proj.weight': 'embeddings.patch_embeddings.projection.weight',
  'patch_embed.proj.bias': 'embeddings.patch_embeddings.projection.bias',
  'norm.weight': 'layernorm.weight',
  'norm.bias': 'layernorm.bias',
};

/** Our names of a file's tensor: three of a fused query-key-value; empty where training has no use for it. */
export function vitNames(name: string): readonly string[] {
  const plain = name.replace(/^vit\./, '');
  if (/^(?:classifier|head|pooler|decoder)\.|^embeddings\.mask_token$/.test(plain)) return [];
  if (Object.hasOwn(OUTER, plain)) return [OUTER[plain]!];
  const inner = /^(?:encoder\.layer|layers|blocks)\.(\d+)\.(.+)\.(weight|bias)$/.exec(plain);
  if (inner === null) return [plain];
  const [, index, part, tensor] = inner;
  const ours = LAYER.find(([theirs]) => theirs === part)?.[1] ?? [part!];
  return ours.map((where) => `encoder.layer.${index}.${where}.${tensor}`);
}
