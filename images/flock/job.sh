#!/usr/bin/busybox sh
# HTCondor's USER_JOB_WRAPPER. It is static and starts nothing but static programs until the environment is empty: what
# the job's own environment says to the dynamic loader (LD_PRELOAD and its like) is heard by nobody outside of the job's
# walls. The job gets its environment back within them.
environment=$(/usr/bin/busybox base64 -w 0 </proc/$$/environ)
if [ -z "$environment" ] || [ "${#environment}" -gt 120000 ]; then
    echo "flock-job: the job's environment is too large; keep it below 90 kB" >"$_CONDOR_WRAPPER_ERROR_FILE"
    exit 1
fi
exec /usr/bin/busybox env -i PATH=/usr/bin:/bin FLOCK_ENVIRONMENT="$environment" \
    /usr/bin/python3 -IS /usr/local/libexec/shepherd/flock-job-outside "$@"
