export interface S3Url {
  readonly bucket: string;
  readonly key: string;
}

/** `s3://bucket/key`; null for anything else. */
export function parseS3Url(text: string): S3Url | null {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(text) ?? [];
  return bucket !== undefined && key !== undefined ? { bucket, key } : null;
}
