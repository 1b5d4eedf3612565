"""Who there is: a member sees and changes its own, a clerk all, a chief may do what is risky as well."""

MEMBER, CLERK, CHIEF = "member", "clerk", "chief"
