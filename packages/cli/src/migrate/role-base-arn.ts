import type { ValueKind } from '@rolegate/runtime';
import { parseRoleBaseArn } from '@rolegate/server';

export const roleBaseArnText: ValueKind<string> = {
  placeholder: 'ARN',
  parse(text) {
    const parsed = parseRoleBaseArn(text);
    return 'fault' in parsed ? parsed : { value: parsed.value };
  },
};
