/** What PHP runs for a site with a router. */
export const ROUTER_PATH = '/internal/shared/router.php'

/** What the router script leaves where it wants the file itself to be served, and there is no script to go on with. */
export const PASS_HEADER = 'interpeer-pass'

/**
 * Both scripts run in the global scope, one after the other in one request, as `php -S` has it: what the router defined, set or printed is there for the
 * other. Where they are was told by variables that neither sees.
 */
export const phpRouter = `<?php
namespace Interpeer\\Internal {
    function routed(): array {
        static $paths = null;
        if ($paths === null) {
            $paths = [$_SERVER['INTERPEER_ROUTER'], $_SERVER['INTERPEER_SERVED']];
            unset($_SERVER['INTERPEER_ROUTER'], $_SERVER['INTERPEER_SERVED']);
        }
        return $paths;
    }
    routed();
    call('loaded');
    \\chdir($_SERVER['DOCUMENT_ROOT']);
}
namespace {
    if ((require Interpeer\\Internal\\routed()[0]) === false) {
        if (Interpeer\\Internal\\routed()[1] === '') {
            while (ob_get_level() > 0) ob_end_clean();
            header('${PASS_HEADER}: 1');
        } else {
            chdir(dirname(Interpeer\\Internal\\routed()[1]));
            require Interpeer\\Internal\\routed()[1];
        }
    }
}
`
