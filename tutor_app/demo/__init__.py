"""A college, laptops and a lesson on one machine, for people to look at: `lessonlight-demo`."""
