<?php
// Asks Debian's AsyncAws for credentials, and again after the seconds of the argument. Prints each outcome as a line of JSON.

require '/usr/share/php/AsyncAws/Core/autoload.php';

use AsyncAws\Core\Credentials\CacheProvider;
use AsyncAws\Core\Credentials\ChainProvider;
use AsyncAws\Core\Configuration;
use AsyncAws\Core\Sts\StsClient;

$configuration = Configuration::create(['endpoint' => getenv('AWS_ENDPOINT_URL_STS'), 'region' => getenv('AWS_REGION')]);
$provider = new CacheProvider(ChainProvider::createDefaultChain());
$sts = new StsClient($configuration, $provider);

function once(): void
{
    global $configuration, $provider, $sts;
    $start = microtime(true);
    $seen = ['ok' => true, 'accessKeyId' => '', 'account' => '', 'error' => ''];
    try {
        $seen['account'] = $sts->getCallerIdentity()->getAccount();
        $seen['accessKeyId'] = (string) $provider->getCredentials($configuration)?->getAccessKeyId();
    } catch (Throwable $error) {
        $seen = ['ok' => false, 'error' => get_class($error) . ': ' . $error->getMessage()] + $seen;
    }
    echo json_encode($seen + ['tookMs' => (int) round((microtime(true) - $start) * 1000)]), "\n";
}

once();
foreach (array_slice($argv, 1) as $seconds) {
    usleep((int) ($seconds * 1e6));
    once();
}
