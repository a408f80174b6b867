"""The screens and tokens of OAuth."""
