"""Those who use Fairwait, acted out: trusts that refer, patients who choose, providers that treat."""
