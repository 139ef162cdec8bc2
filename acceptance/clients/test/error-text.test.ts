import { reasons } from '@rolegate/protocol';
import { expect, it } from 'vitest';
import { errorCell, secondsCell, withPlaceholders } from '../error-text.ts';

it('What differs between refusals and requests is replaced in an error', () => {
  const { meaning } = reasons.NoRole;
  const body = `{"Code":"NoRole","code":"NoRole","Message":"${meaning}","message":"${meaning}","requestId":"1"}`;
  expect(withPlaceholders(`Received non 200 response 404: ${body}`)).toBe(
    'Received non 200 response STATUS: BODY',
  );
  expect(withPlaceholders(`NoRole: ${meaning}\n  status code: 404 after 12 ms`)).toBe(
    'CODE: MESSAGE status code: STATUS after N ms',
  );
});

it('The role and an answer within a URL are replaced too', () => {
  expect(withPlaceholders('failed to get arn:aws:iam::111111111111:role/team/denied, gone')).toBe(
    'failed to get ROLE, gone',
  );
  expect(withPlaceholders('http://host/roles/%7B%22Code%22%3A%22NoRole%22%7D failed')).toBe(
    'http://host/roles/BODY failed',
  );
});

it('A metadata token is replaced', () => {
  expect(withPlaceholders('host: 169.254.169.254 x-aws-ec2-metadata-token: AbSB8k_o-97 *** Response')).toBe(
    'host: 169.254.169.254 x-aws-ec2-metadata-token: TOKEN *** Response',
  );
});

it('A long error is cut, and its backquotes do not end the code', () => {
  expect(errorCell('a `quoted` word')).toBe("`a 'quoted' word`");
  expect(errorCell('x'.repeat(300))).toBe(`\`${'x'.repeat(200)}…\``);
});

it('Times are shown in seconds from the shortest to the longest', () => {
  expect(secondsCell([900, 1_100])).toBe('0.9–1.1');
  expect(secondsCell([900, 910])).toBe('0.9');
});
