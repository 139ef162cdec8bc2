# Asks Debian's aws-sdk-core for credentials, and again after the seconds of the argument. Prints each outcome as a line of JSON.
require 'aws-sdk-core'
require 'json'

# It asks for credentials when it is created. This version does not read AWS_ENDPOINT_URL_STS.
def sts
  @sts ||= Aws::STS::Client.new(endpoint: ENV.fetch('AWS_ENDPOINT_URL_STS'))
end

def fetch
  account = sts.get_caller_identity.account
  { ok: true, accessKeyId: sts.config.credentials.credentials.access_key_id, account: account, error: '' }
rescue StandardError => error
  { ok: false, accessKeyId: '', account: '', error: "#{error.class}: #{error.message}" }
end

[0, *ARGV.map(&:to_f)].each do |wait|
  sleep wait
  start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  seen = fetch
  took = ((Process.clock_gettime(Process::CLOCK_MONOTONIC) - start) * 1000).round
  puts JSON.generate(seen.merge(tookMs: took))
  $stdout.flush
end
