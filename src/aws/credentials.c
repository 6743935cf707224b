// SPDX-License-Identifier: Apache-2.0
#include "aws/credentials.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "aws/provider.h"
#include "util/alloc.h"
#include "util/time.h"

#define LEAD_MAX  (10 * 60 * NSEC_PER_SEC) /* how long before they expire keys are replaced */
#define RETRY_MIN (30 * NSEC_PER_SEC)      /* after a failure, while the old keys are good */
#define SHORTLY   (60 * NSEC_PER_SEC)      /* when new keys came expired: our clock may be wrong */

struct credentials {
	struct aws_keys keys;
	char *provider;
	uint64_t refresh_at; /* 0: at once */
	uint64_t retry_at;   /* not before, while the old keys are good */
};

static provider_fn *const chain[] = {
	provider_environment, provider_profile,  provider_web_identity,
	provider_container,   provider_metadata,
};

struct credentials *credentials_new(void)
{
	return xcalloc(1, sizeof(struct credentials));
}

struct credentials *credentials_free(struct credentials *c)
{
	if (!c)
		return NULL;
	aws_keys_done(&c->keys);
	free(c->provider);
	free(c);
	return NULL;
}

const char *credentials_provider(const struct credentials *c)
{
	return c->provider;
}

uint64_t credentials_refresh_time(const struct credentials *c)
{
	return c->refresh_at;
}

void credentials_expire(struct credentials *c)
{
	c->refresh_at = 0;
	c->retry_at = 0;
	c->keys.expires = 1; /* they serve no more, even when there are no new ones */
}

/* From 0 to below `limit`. Without random bytes all agents ask at once, and that is all. */
static uint64_t jitter(uint64_t limit)
{
	uint64_t n = 0;

	if (!limit || getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		return 0;
	return n % limit;
}

/* Early by a quarter of the life that is left, at most ten minutes; and up to half of that later. */
static uint64_t refresh_time(uint64_t expires, uint64_t now)
{
	uint64_t lead;

	if (!expires)
		return UINT64_MAX;
	if (expires <= now)
		return now + SHORTLY;
	lead = (expires - now) / 4;
	if (lead > LEAD_MAX)
		lead = LEAD_MAX;
	return expires - lead + jitter(lead / 2);
}

static int walk(struct provider_run *run, struct aws_keys *ret, struct diag *diag)
{
	int r = PROVIDER_UNCONFIGURED;

	for (size_t i = 0; r == PROVIDER_UNCONFIGURED && i < ARRAY_SIZE(chain); i++)
		r = chain[i](run, ret, diag);
	if (r != PROVIDER_UNCONFIGURED)
		return r;
	return diag_error(diag, -ENOENT,
	                  "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
	                  "configure another source (%s)",
	                  buf_cstr(&run->passed));
}

static int refresh(struct credentials *c, uint64_t now, struct diag *diag)
{
	_cleanup_(provider_run_donep) struct provider_run run = {.now = now};
	_cleanup_(aws_keys_donep) struct aws_keys keys = {};
	int r = walk(&run, &keys, diag);

	if (r < 0)
		return r;
	aws_keys_done(&c->keys);
	c->keys = keys;
	keys = (struct aws_keys){};
	free(c->provider);
	c->provider = steal(&run.who);
	c->refresh_at = refresh_time(c->keys.expires, now);
	c->retry_at = 0;
	return 0;
}

/* The old keys are good for now: what went wrong is a warning. */
static void put_off(struct credentials *c, uint64_t now, struct diag *problem, struct diag *diag)
{
	char until[TIME_RFC3339_SIZE];

	c->retry_at = now + RETRY_MIN + jitter(RETRY_MIN);
	time_format_rfc3339(c->keys.expires, until);
	diag_warning(diag, "%s; the keys in use are good until %s", diag_text(problem), until);
}

int credentials_get(struct credentials *c, uint64_t now, const struct aws_keys **ret,
                    struct diag *diag)
{
	_cleanup_(diag_donep) struct diag problem = {};
	bool good = c->keys.access_key_id && c->keys.expires > now;
	int r;

	if (!c->keys.access_key_id || (now >= c->refresh_at && (!good || now >= c->retry_at))) {
		r = refresh(c, now, &problem);
		if (r < 0 && !good)
			return diag_error(diag, r, "%s", diag_text(&problem));
		if (r < 0)
			put_off(c, now, &problem, diag);
	}
	*ret = &c->keys;
	return 0;
}
