import { describe, expect, it } from 'vitest';
import { clientOf, productsOf } from '../../src/pod-http/sdk.ts';

describe('SDK of a User-Agent', () => {
  it.each([
    { userAgent: '', sdk: 'none' },
    { userAgent: 'Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1', sdk: 'boto3' },
    { userAgent: 'Boto3/1.9.0 Python/2.7.15 Linux/4.14 Botocore/1.12.0 Resource', sdk: 'boto3' },
    { userAgent: 'Botocore/1.43.67 Python/3.12', sdk: 'botocore' },
    { userAgent: 'aws-cli/2.31.0 md/awscrt#0.27 exec-env/x', sdk: 'aws-cli' },
    { userAgent: 'aws-cli/1.18.0 Python/3.7 Linux/4.14 botocore/1.17.0', sdk: 'aws-cli' },
    { userAgent: 'aws-sdk-js/3.900.0 ua/2.1 lang/js', sdk: 'js' },
    { userAgent: 'aws-sdk-nodejs/2.1693.0 linux/v20', sdk: 'js' },
    { userAgent: 'aws-sdk-go-v2/1.39 os/linux lang/go#1.25', sdk: 'go' },
    {
      userAgent:
        'APN/1.0 HashiCorp/1.0 Terraform/1.9.0 (+https://www.terraform.io) aws-sdk-go-v2/1.30.3 ua/2.0 os/linux',
      sdk: 'go',
    },
    { userAgent: 'curl/8.5 aws-sdk-go', sdk: 'go' },
    { userAgent: 'aws-sdk-java/2.35.0', sdk: 'java' },
    { userAgent: 'aws-sdk-rust/1.3.9', sdk: 'rust' },
    { userAgent: 'aws-sdk-dotnet-coreclr/3.7 aws-sdk-dotnet-core/3.7', sdk: 'dotnet' },
    { userAgent: 'aws-sdk-cpp/1.11.900 ua/2.0 md/aws-crt#0.44.1', sdk: 'cpp' },
    { userAgent: 'aws-sdk-crt/aws-imds-client', sdk: 'crt' },
    { userAgent: 'aws-sdk-php/3.300', sdk: 'php' },
    { userAgent: 'aws-sdk-ruby3/3.201', sdk: 'ruby' },
    { userAgent: 'Mozilla/5.0 (like aws-sdk-go/1.44)', sdk: 'other' },
    { userAgent: 'python-requests/2.32', sdk: 'other' },
    { userAgent: 'md/Botocore#1.40', sdk: 'other' },
  ])('The SDK of the User-Agent "$userAgent" is $sdk', ({ userAgent, sdk }) => {
    expect(clientOf(userAgent).sdk).toBe(sdk);
  });
});

it.each([
  { userAgent: '', client: 'none' },
  { userAgent: 'curl/8.5', client: 'other' },
  { userAgent: 'Boto3/1.40.1 md/Botocore#1.40.1', client: 'boto3/1.40.1' },
  {
    userAgent: 'APN/1.0 Terraform/1.9.0 (+https://x) aws-sdk-go-v2/1.30.3 ua/2.0',
    client: 'aws-sdk-go-v2/1.30.3',
  },
  { userAgent: 'aws-sdk-java/2.20.9-PREVIEW+x', client: 'aws-sdk-java/2.20.9-preview+x' },
  { userAgent: 'aws-sdk-crt/aws-imds-client', client: 'aws-sdk-crt/aws-imds-client' },
  { userAgent: 'aws-sdk-go', client: 'aws-sdk-go' },
  { userAgent: 'aws-sdk-go/1;\u001b[31m', client: 'aws-sdk-go' },
  { userAgent: `aws-sdk-go/${'1'.repeat(33)}`, client: 'aws-sdk-go' },
  { userAgent: `aws-sdk-go${'o'.repeat(900)}/1`, client: 'go' },
])('The client of the User-Agent "$userAgent" is $client', ({ userAgent, client }) => {
  expect(clientOf(userAgent).client).toBe(client);
});

describe('Products of a User-Agent', () => {
  it.each([
    { userAgent: 'A/1 (x; (y) z) B/2/3 c', products: ['a', 'b', 'c'] },
    { userAgent: ')A/1 (x', products: ['a'] },
    { userAgent: ' \t ', products: [] },
  ])('The products of the User-Agent "$userAgent" are $products', ({ userAgent, products }) => {
    expect([...productsOf(userAgent)]).toEqual(products);
  });

  it('Only the first 1,024 characters of a User-Agent are read', () => {
    expect([...productsOf('a '.repeat(8_192))]).toHaveLength(512);
    expect(clientOf(`${'x'.repeat(1_024)} boto3/1`).sdk).toBe('other');
  });
});
